"""The command `release try`: install a published release as its users do, and see that it is the sealed one."""
