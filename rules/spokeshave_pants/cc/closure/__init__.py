"""What is linked together: the targets that includes and dependencies pull in."""
