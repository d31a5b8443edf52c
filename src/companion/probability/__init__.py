"""Suprema of random processes: concentration, chaining, and a process without a small supremum."""
