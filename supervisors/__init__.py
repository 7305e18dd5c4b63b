"""Who restarts whom: restart policy, supervisors, the control port and the tree."""
