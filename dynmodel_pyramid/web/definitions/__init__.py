"""Views of definitions.

``listing``     GET of ``/table/`` and ``/table/{id}/``; ``tables`` changes them
``from_file``   ``/table/?from=file``
``compact``     ``/table/{id}/compact/``
``plan``        ``/table/{id}/plan/``
``history``     ``/table/{id}/history/`` and below
``quarantine``  ``/table/{id}/quarantine/`` and below; ``corrections``: the lists that are sent to it
``trash``       ``/table/{id}/trash/``, ``/trash/``, ``/table/{id}/health/``
"""
