"""Speed and memory, next to what a user would use instead."""
