"""Long runs on real input and real server processes; each is a command, and none is part of the test suite."""
