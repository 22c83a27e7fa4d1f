"""Notices: who is told, and once, what a night changed and what ends soon; and a night's figures for machines that watch.

`night` reads what there is to tell, `digest` picks what one reader was not told yet, `wording` and `mail` put it into a mail,
`webhook` into signed JSON, `memory` holds what was told, `sending` joins them. `metrics` stands by itself.
"""
