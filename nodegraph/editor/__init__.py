"""The editor: a window in which a patch is built, heard and looked into.

Data flows in one circle. The *view* draws what it is told and reports what the hand does
(:mod:`.view`, :mod:`.events`); the *presenter* (:mod:`.presenter`) turns that into edits of the patch, and
what the patch and the *sound* (:mod:`.sound`) say into orders to the view. Nothing but the DearPyGui view
imports DearPyGui: all the rest runs and is tested without a display.
"""
