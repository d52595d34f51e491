"""Views of the service itself.

``about``   its description, field types and health
``health``  an examination of the whole deployment
``schema``  all definitions as one document
``batch``   several operations in one transaction; ``running`` runs them
"""
