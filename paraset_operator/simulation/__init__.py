"""A discrete-event cluster over the same planner code, fed from public traces."""
