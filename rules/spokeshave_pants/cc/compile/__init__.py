"""One compile: its command line and its inputs."""
