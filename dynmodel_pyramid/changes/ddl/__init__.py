"""The statements of a change, executed or noted.

``schema_editor``  changes one table; ``sqlite`` and ``postgresql`` have what differs
``columns``        its tools: fields and their columns, checks, indexes
``lists``          tables that keep lists of references
``list_fields``    fields that become lists, or stop being ones
``not_valid``      rules that are in force before they are proven
``trash``          tables that come back from the trash, or leave it for good
``runner``         what editors are given, and where statements go: to the database, or into a plan
"""
