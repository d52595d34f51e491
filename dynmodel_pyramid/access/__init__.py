"""Who may do what: identities, roles and grants, and what they mean for one table.

``identity``            who a request comes from
``grants``              roles and their grants, as values
``conditions``          conditions of grants: the query grammar by ids
``condition_texts``     text -> condition
``condition_printing``  condition -> text
``caller``              an identity with the roles and grants in force
``attempt``             an attempt at a request, which proves access besides the definitions
``scopes``              what a caller may do with each table
``scope``               what it may do with one table
``views``               what it may read of a table, as a selectable
``compiling``           conditions -> SQL
``operands``            the values of placeholders in them
``tables``              the tables that roles name, as a transaction sees them
``document_reading``    the document of roles -> roles
``document_writing``    roles -> the document
``field_lists``         the names in a grant's list of fields
``differences``         what one set of roles opens and closes against another
``explaining``          why an identity may do something, or may not
``inheritance``         fields restored from old values inherit the mentions of their origin
``store``               the system table of roles
``current``             the roles in force, kept by the access stamp
``changes``             locks and log of changes of access
``rights``              what an identity may do, as one digest
``kept_answers``        answers to requests with a key, for their repetitions
``principal``           for whom changes of definitions are made
``accounts``            identities that are stored here: users, tokens, sessions
``jwt``                 bearer tokens of others: JSON Web Tokens
``keys``                the keys of JSON Web Tokens
``fetching``            documents of identity providers over HTTP, bounded
``oidc``                the OpenID provider: where people sign in, and who came back
"""
