"""End-to-end tests of versions, reports and uploads."""
