"""The box around an execution environment: namespaces, root, cgroups, system call filter, and who may make them."""
