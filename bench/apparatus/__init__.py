"""What measurements share: projects, runners, servers and logs."""
