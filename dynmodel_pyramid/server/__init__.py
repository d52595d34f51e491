"""A WSGI server in which no client holds what others need: waitress, with a few parts replaced.

waitress parses requests, checks them against its limits, and frames answers. These modules replace a part of it:

``channel``   a connection: answers are spooled, so that threads do not wait for clients
``task``      a request being answered: when connections are kept, and what breaks off
``heads``     heads of requests and answers, where they repeat
``chunks``    bodies in chunks, and how long what is no body may be
``listener``  a listening socket; ``gate`` decides who may connect
``dispatch``  the threads: one of them leads, and runs what is short; ``queue`` decides which request is next

These are our own:

``settings``  the section ``[server:main]``
``spool``     unsent bytes, in memory and in temporary files
``pace``      whether requests mostly wait for something else
``held``      answers that wait: for the disk, or to be sent with others
``departures`` clients that go away while their requests run
``balance``   connections spread over processes
``watch``     least rates and longest times
``ledger``    what all connections of a process share
``pages``     operators' pages
``answers``   answers without an application
``serving``   the loop, and its graceful end; ``last_orders`` ends the queue of a listening socket
``factory``   the entry point for INI files

It serves any WSGI application and knows nothing of Pyramid. One thread at a time, the *polling thread*, looks at the
connections; ``dispatch`` tells which one that is.
"""

from dynmodel_pyramid.server.factory import server_factory

__all__ = ["server_factory"]
