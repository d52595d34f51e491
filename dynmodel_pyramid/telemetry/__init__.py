"""What operators see of a process: metrics, lines of the log, traces. It knows neither HTTP nor the database.

``resources``   the names by which requests are counted
``families``    all metrics, and the places of their numbers
``memory``      the numbers: of one process, or of all that share them
``measuring``   counting: the record of a request, and the numbers of this process
``exposition``  the numbers as text for Prometheus (needs the extra ``metrics``)
``page``        who may see ``/metrics``
"""
