"""pykka actors on trio: mailboxes, addresses, deadlines, dead letters and circuit breakers."""
