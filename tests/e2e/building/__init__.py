"""End-to-end tests of builds."""
