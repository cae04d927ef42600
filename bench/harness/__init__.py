"""The parts of run.py: servers, scenarios, measurements, tables. Standard library only."""
