"""Tenants: several catalogues in one process, each with tables, users and answers of its own (decision 41).

``tenant``          all that belongs to one tenant; a service without tenants has one without a name
``tenants``         the tenants that a process has in memory: opened when they are first asked for, dropped by least use
``claims``          the tenant that a token of others names
``administration``  tenants are made, dropped and listed
"""
