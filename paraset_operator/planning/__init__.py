"""The plan: a pure function of a frozen snapshot.

No clock, no I/O, no randomness; every order ends in a total tie-break.

planner        the numbered algorithm, one screen long
feasibility    may this pod run on this node
room           what a node has free, now and soon
demand         which LS pods need room, and where the scheduler can put them by itself
yielding       the cheapest node to make room on, for each LS pod that fits nowhere
victims        who leaves first on a node, and what is shrunk instead
ahead          a little more room than waiting LS pods ask for
headroom       room kept for LS shapes
departures     fillers that must leave whatever the room
filling        which set is next, and where
shape_choice   which shapes a set tries, in which order
fairness       whose turn it is
sizing         how elastic fillers grow and shrink in place
worth          what an instance is worth
fragmentation  how much idle room no LS pod can use (FGD)
pacing         cool-downs, back-offs, rates
"""
