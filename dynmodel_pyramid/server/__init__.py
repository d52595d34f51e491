"""A WSGI server in which no client holds what others need: waitress, with a few of its parts exchanged.

waitress reads and judges requests (its parser, its limits), and frames answers. What is done otherwise stands in

    channel.py    a connection: answers are spooled, so that threads do not wait for clients
    task.py       a request being answered: when connections are kept, and what breaks off
    listener.py   a listening socket, and who may connect
    dispatch.py   the threads that run requests

around these parts of our own:

    settings.py   the section [server:main]
    spool.py      what is left to send, in memory and in temporary files
    watch.py      least rates and longest times
    ledger.py     what all connections of a process share
    pages.py      operators' pages
    answers.py    answers without an application
    serving.py    the loop, and its graceful end
    factory.py    the entry point for INI files

It serves any WSGI application and knows nothing of Pyramid. One thread, the *polling thread*, does everything but run
requests.
"""

from dynmodel_pyramid.server.factory import server_factory

__all__ = ["server_factory"]
