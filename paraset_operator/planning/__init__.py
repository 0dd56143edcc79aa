"""The plan: a pure function of a frozen snapshot.

No clock, no I/O, no randomness; every order ends in a total tie-break.

planner           the numbered algorithm, one screen long
draft             the working state of one plan

What there is:
survey            all nodes as rows of arrays, made anew only where a node has changed
survey_rows       what these rows hold, and what they depend on
surveyor          how a row is written
turnover          how it changes where only others' pods came or went
filler_rows       what running fillers count for in it
planned_rows      the rows as planned, and sums over them, kept from plan to plan
rooms             a node's working object, made when somebody asks for it
room              what a node has free, now and soon
device_room       what is free of each device of a node
feasibility       may this pod run on this node

1. Yield:
demand            which LS pods need room, in the order of the scheduler
yielding          the cheapest node to make room on, for each LS pod that fits nowhere
lost_work         what an eviction costs, and the whole order of victims
prospects         the nodes for pods of one kind, in the orders of those who look for one
order             the best of many nodes, without looking closely at more than it takes
victim_rows       what fillers give and lose by leaving, as bounds for all nodes at once
victims           who leaves first on a node, and what is shrunk instead
device_victims    which devices are emptied
grow_demand       LS pods that wait to grow in place
ahead             a little more room than waiting LS pods ask for
announced         room for LS pods that are announced and do not exist yet
cheapest          where one need after the other costs least
headroom          room kept for LS shapes
cpu_headroom      a few cores kept for LS pods that lack only cores
homes             where room is kept for work that is not there yet
arrivals          how many copies of a shape the LS pods that came have use for
shape_matching    which shape an LS pod uses up

2. Leave:
departures        fillers that must leave whatever the room
notices           which of them are told first, and wait until the time they were told has come

3. Fill:
contenders        which sets may put something new where, how many, and what is in their way
names             no more names than the ceiling
openings          on which nodes a set could put anything at all
filling           from sets and nodes to options, holes and quotas, and back; minimums first
additions         what is new, kept of the few nodes where there is anything
offers            each shape as an option, at its smallest or its largest
problem           holes and options as arrays
allocation        who gets which hole, under ceilings, limits and fair shares
quotas            what these limits are, and how much of its fair share a set has
fair_mix          fillings of all nodes at several prices, and one of each chosen so that the sum is fair
choosing          that choice, for many nodes
menu              what was proposed at which prices, the best mix of it, and who holds back whom
proposals         what nodes would take at given prices
coupling          quotas and fair shares as limits over what sets take
interior_point    the best mix of choices under such limits, and their prices
interior_points   where that method is, and how far it may go
exchange          fair shares to the last instance
packing           how many of which option go on each node
price_search      the price of each node at which its devices' best use just fits
price_tables      the best use of devices at every price
table_reading     from the tables back to options
completion        what they leave over, filled in several ways, the best kept
device_filling    options with devices, in this order, into what is left
growth            nobody takes a core that a running filler makes more of
leftovers         what is left, and shapes without devices in it
device_packing    on which device each part goes
worth             what an instance is worth
fairness          what sets and namespaces hold; who has least of its share

4. Size:
sizing            how elastic fillers grow and shrink in place
usual_nodes       the same as plain numbers, where all fillers run as their sets want them
quiet_nodes       the same in arrays, where new fillers are all that changes

5. Order:
differences       actions, room given before it is taken
creates           what is new as actions, each with its name
new_fillers       the same as arrays, before it is made into actions
device_order      in which order a node's new fillers find their devices
device_cuts       the devices of many nodes cut into parts at once
reports           what is left empty and why
bounds            the one word for it of each node

Across plans:
pacing            cool-downs, back-offs
behavior          rates and stabilization windows of sets
storms            many nodes NotReady at once

How much idle room no LS pod can use (FGD), which orders the holes:
fragmentation     of many nodes at once
fragment_of_node  of one node, by the letter of the definition
target_workload   the tasks by which it is measured
"""
