"""Where workloads find their credentials: instances, containers, functions."""
