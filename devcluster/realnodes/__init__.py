"""Real nodes: kubelet, containerd and runc on this machine, in namespaces of their own that take everything with them
when they end.

`isolation` is the outside, `init` the first process inside, `keeper` stands in between and outlives whoever is killed;
`node` is one node. ADR 23 says why it is built like this.
"""
