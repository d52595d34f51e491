"""Views of the service itself.

``about``   what it is, its field types, whether it is well
``page``    what a browser sees at ``/``
``schema``  all definitions as one document
"""
