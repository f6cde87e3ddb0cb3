"""End-to-end tests in a monorepo of somebody else."""
