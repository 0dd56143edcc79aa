"""A discrete-event cluster over the same planner code, fed from public traces. What to read for what:

rows            tables whose errors say where they are
trace_tables    nodes and pods of a trace
scenario        what a simulation starts from: a table or a dump, and a user's own sets
arguments       the command line; `inputs` reads the files it names, `settings` are its values
fleet           what is free on every node and device, as arrays
fgd             the fragmentation measure as a scheduler needs it, and FGD's score
schedulers      where LS pods go: best fit, least allocated, FGD, random
inflation       LS load that only grows
world           the simulated cluster, in the operator's own cache
policies        what fills it
operator        the operator in it: same plan, same pacing, decisions carried out
deployment      the filler of today: a low-priority Deployment
kube_scheduler  the queue of LS pods; `preemption` finds victims
filling         filling a cluster that stands still
timeline        a cluster in motion, by the deeds of an `agenda`
replay          pods by the times of the table
runs            all runs, one after the other
audit           a recount of what pods hold, device by device
ledger          what is counted on the way; `figures` sums it up, `report` writes it, `plots` draws it
command         `paraset simulate`
"""
