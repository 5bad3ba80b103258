"""Steward and promoter: scenarios, the menu, the two solutions, and their tails session by session.

Nothing here knows an account or a run; where a book stands between the two is
``alvh.advise.steward``'s to say, and whether that bars new condors the engine's.
"""
