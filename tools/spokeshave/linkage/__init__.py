"""What a wheel's native files need of the platform, of Python and of each other."""
