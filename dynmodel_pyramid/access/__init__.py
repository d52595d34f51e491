"""Who may do what: identities, roles and grants, and what they mean for one table.

``identity``     who a request comes from
``grants``       roles and their grants, as values
``conditions``   conditions of grants: the query grammar by ids
``condition_texts``     text -> condition
``condition_printing``  condition -> text
``caller``       an identity with the roles and grants in force
"""
