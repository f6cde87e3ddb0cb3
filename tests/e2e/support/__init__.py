"""What end-to-end tests share: projects, runners, servers and a browser."""
