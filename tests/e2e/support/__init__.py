"""Support of the end-to-end tests: projects, runners, servers and a browser."""
