"""Views of access: who may do what.

``resources``  the part of the traversal tree
``access``     roles and grants: ``/access/``
``explain``    ``/access/explain/``
``audited``    the audit of what is changed here
"""
