"""One link: its command line and its inputs."""
