"""Who may do what: identities, roles and grants, and what they mean for one table.

``identity``     who a request comes from
``grants``       roles and their grants, as values
``conditions``   conditions of grants: the query grammar by ids
``caller``       an identity with the roles and grants in force
``jwt``          bearer tokens of others: JSON Web Tokens
``keys``         the keys of JSON Web Tokens
``fetching``     documents of identity providers over HTTP, bounded
``oidc``         the OpenID provider: where people sign in, and who came back
``changes``      the access stamp, which changes of access renew
``accounts``     identities that are stored here: users, tokens, sessions
"""
