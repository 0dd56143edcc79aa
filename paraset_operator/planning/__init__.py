"""The plan: a pure function of a frozen snapshot.

No clock, no I/O, no randomness; every order ends in a total tie-break.

planner           the numbered algorithm, one screen long

What there is:
survey            all nodes as rows of arrays, made anew only where a node has changed
survey_rows       what these rows hold, and what they depend on
surveyor          how a row is written
rooms             a node's working object, made when somebody asks for it
room              what a node has free, now and soon
device_room       what is free of each device of a node
feasibility       may this pod run on this node

1. Yield:
demand            which LS pods need room, in the order of the scheduler
yielding          the cheapest node to make room on, for each LS pod that fits nowhere
victims           who leaves first on a node, and what is shrunk instead
device_victims    which devices are emptied
ahead             a little more room than waiting LS pods ask for
headroom          room kept for LS shapes

2. Leave:
departures        fillers that must leave whatever the room

3. Fill:
contenders        which sets may put something new where, how many, and what is in their way
names             no more names than the ceiling
openings          on which nodes a set could put anything at all
filling           from sets and nodes to options, holes and quotas, and back; minimums first
offers            each shape as an option, at its smallest or its largest
problem           holes and options as arrays
allocation        who gets which hole, under ceilings, limits and fair shares
quotas            what these limits are, and how much of its fair share a set has
fair_prices       what options count for, so that the shares come out fair
exchange          fair shares to the last instance
packing           how many of which option go on each node
price_search      the price of each node at which its devices' best use just fits
price_tables      the best use of devices at every price
growth            nobody takes a core that a running filler makes more of
leftovers         greedy filling of what is left, and shapes without devices
device_packing    on which device each part goes
worth             what an instance is worth
fairness          what sets and namespaces hold; who has least of its share

4. Size:
sizing            how elastic fillers grow and shrink in place
quiet_nodes       the same in arrays, where new fillers are all that changes

5. Order:
differences       actions, room given before it is taken
reports           what is left empty and why

Across plans:
pacing            cool-downs, back-offs, rates

How much idle room no LS pod can use (FGD), which orders the holes:
fragmentation     of many nodes at once
fragment_of_node  of one node, by the letter of the definition
target_workload   the tasks by which it is measured
"""
