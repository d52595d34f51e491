"""Faults of the machine, the network and the database, under readers and writers.

``python -m tests.faults`` injects them one after another and prints a table (docs/faults.md).

``bed``          one fault: a service, its clients, what happens to it, and the figures
``service``      dynmodel-serve as the bed starts it
``traffic``      clients that note what was answered, and what must be there at the end
``proxy``        stands between the service and PostgreSQL
``postgresql``   faults of PostgreSQL and of the way to it
``sqlite``       faults of the SQLite file and its disk
``processes``    faults of the service's own processes, and of its clock
``clocks``       a command of its own: what a clock that jumps does to all that has an end
``inside``       what the processes of the service load, so that their disk fails or their clock jumps
"""
