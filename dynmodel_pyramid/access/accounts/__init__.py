"""Identities that are stored here, and how a secret becomes one of them.

``accounts``    all of the below, of one database
``passwords``   hashing passwords, a few at a time
``secrets``     random secrets, and their digests
``users``       users; ``user_documents`` reads and writes their documents
``tokens``      tokens; ``token_documents`` reads and writes their documents
``sessions``    sessions of users who signed in
``failures``    failed sign-ins, and the limit of them
``signing_in``  a name and a password -> a session
``logins``      users by their account at an OpenID provider
``roles``       which roles exist
``identities``  rows -> identities
``recognise``   a secret -> an identity, through a cache
``usage``       when tokens and sessions were last used
``audit``       the log of what happened to access

Functions take a connection in the caller's transaction and neither begin nor end one, except where they say so. No
password, secret or digest is in a log, an error or an answer, but for the one that shows a new token.
"""
