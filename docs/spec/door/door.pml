/* The door and the act: one person, two sessions, up to four connections at two nodes, a ban and an unban. See ../door.md.

   What may go wrong at any step: a door or the act's node stops for good, the media server answers late or restarts, its reports
   of who left come late or never, the client gives up and comes again. Nodes tell each other nothing, so no message is here.
   Who is killed takes no further step: for what must never happen that needs no step of its own. KILLS adds it for what must
   hold once everybody has stopped.
   A transaction of several statements is several steps where others' commits can fall between them (read committed);
   one `atomic` is one statement, or what a lock keeps together.

   ONE_NODE has all connections of a session at one node, which knows of them. SETTLES asks who is in at rest.
   WITH_... says who takes part. Every other #ifdef is a wrong variant: door.md says which of them must fail, and why. */

#define SESSIONS 2
#define DOORS 4                       /* 0 and 1 join session 0 in full, 2 resumes the participant of 0, 3 joins session 1 */
#define RESUMES 2
#define sessionOf(c) ((c) / 3)

/* `live` is `active` in the code: that word is taken here. `aside`: `issued` again, with the time when its media was lost. */
mtype = { none, issued, pending, live, aside, revoked, ended };

/* The database, as committed. */
bool allowed = true;                  /* what policy says of the person */
byte decision;                        /* how often that was decided */
mtype row[SESSIONS] = none;           /* media_sessions.state */
byte at[SESSIONS];                    /* media_sessions.participant_sid: nobody (0), a participant, or the mark of who is dialling */
byte job;                             /* the pending job: of which decision; 0: none */

/* The media server: one participant for each name, so for each session. A participant is called by its door, from 1. */
byte part[SESSIONS];                  /* who is there; 0: nobody */
bool gone[DOORS + 1];                 /* was there and is there no more: may be reported */

/* The gateways. */
bool entered[DOORS];                  /* the node of this door knows its participant: there it may be resumed */
bool relayed[DOORS + 1];              /* the client of this participant has its answer: media flows while it is there */

#ifdef ONE_NODE
bool dialling[SESSIONS];              /* a connection of the session dials, or has and is not let in yet */
#endif

/* Only for the claims. */
bool applied;                         /* an act has replied `applied`, and no later decision allows the person again */
bool over[SESSIONS];                  /* an act ended the session, and the media server answered: gone, or not there */
byte latest[SESSIONS];                /* the door that came last */
bool turnedAway;                      /* (d) refused the door that came last, though policy allowed it and nobody ended the session */
bool back;                            /* the unban has replied */
bool isNew;                           /* session 1 was made after that */

#define mine(c) ((c) + 1)             /* the participant that a door dials */
#define mark(c) ((c) + 1 + DOORS)     /* in `at`: this door is dialling */
#ifdef UNMARKED
#define hasTurn(s, c) true
#else
#define hasTurn(s, c) (at[s] == (c == RESUMES -> mine(0) : mark(c)))
#endif
#define isLive(s) (row[s] == pending || row[s] == live)
#ifdef ASIDE_UNSEEN
#define maybeThere(s) isLive(s)
#else
#define maybeThere(s) (isLive(s) || row[s] == aside)
#endif
#ifdef EARLY_MEDIA
#define flows(s) (part[s] != 0)
#else
#define flows(s) (part[s] != 0 && relayed[part[s]])
#endif
#ifdef KILLS
#define mayDie(who) if :: who -> goto out :: true fi
#else
#define mayDie(who) skip
#endif

inline leaves(who) {                  /* whoever is there is there no more */
  if
  :: part[who] != 0 -> gone[part[who]] = true; part[who] = 0
  :: else
  fi
}

/* The media server has lost a participant: the seat is free, and the token opens the door again. */
inline setAside(who, as) {
  atomic {
    if
#ifdef LOST_UNASKED
    :: isLive(who)
#else
    :: isLive(who) && at[who] == as
#endif
       -> row[who] = aside
    :: else
    fi
  }
}

/* POST join: a session, if policy allows it now. */
proctype Join() {
  atomic { allowed -> row[1] = issued; isNew = back }
}

proctype Door(byte c) {
  bool seen;
  byte s = sessionOf(c);
  byte who;                           /* the participant that it dialled */
#ifdef ONE_NODE
  bool holds;
#endif

  /* (a) One transaction under the call's lock; commit. */
  atomic {
    if
    :: c == RESUMES ->                /* only what is in, as this participant, which is known here */
       row[s] == live && at[s] == mine(0) && entered[0]
    :: c != RESUMES && (row[s] == issued || row[s] == aside || isLive(s)) ->
       if
       :: isLive(s)
       :: else -> row[s] = pending    /* and takes a seat: seats.pml */
       fi;
#ifndef KEEPS_OLD
#ifdef UNMARKED
       at[s] = 0                      /* reports of who was in mean nothing any more */
#else
       at[s] = mark(c)                /* and who was dialling has lost its turn */
#endif
#endif
#ifdef REVIVES
    :: c != RESUMES && (row[s] == revoked || row[s] == ended) && allowed -> row[s] = pending; at[s] = mark(c)
#endif
    fi;
    if :: c != RESUMES -> latest[s] = c :: else fi
  }
  mayDie(true);

#ifndef NO_B
  seen = allowed;                     /* (b) A new snapshot. */
  if :: !seen -> goto refused :: else -> seen = false fi;
#endif

#ifdef ONE_NODE
  /* All connections of a session come to one node: they dial one after the other, and only who has the turn. */
  atomic { !dialling[s] -> dialling[s] = true; holds = true };
#ifndef LOSERS_DIAL
  if :: !hasTurn(s, c) -> goto refused :: else fi;
#endif
#endif

  /* (c) Dial. Who was there by this name is thrown out. A resume goes on with whoever is there by this name, as LiveKit does, or
     is told to join in full. */
  atomic {
    if
    :: c != RESUMES -> leaves(s); part[s] = mine(c)
    :: c == RESUMES && part[s] != 0
#ifdef RECREATES
    :: c == RESUMES && part[s] == 0 -> part[s] = mine(c)
#else
    :: c == RESUMES && part[s] == 0 -> goto out
#endif
    fi;
    who = part[s]
  }
  mayDie(true);                             /* what was dialled stays */

  /* (d) One transaction: what it reads first, then the row, which it writes only where that is pending or active and its turn has not
     been lost; or where it was set aside meanwhile: then it is opened again. */
#ifdef RESUME_UNCHECKED
  if :: c == RESUMES -> goto relay :: else fi;
#endif
#ifndef NO_D
#ifndef D_NO_POLICY
  seen = allowed;
  if :: !seen -> goto refused :: else -> seen = false fi;
#endif
  atomic {
    if
#ifdef D_NO_ROW
    :: true
#else
    :: isLive(s) && hasTurn(s, c)
#ifndef KEEPS_OLD
    :: row[s] == aside && hasTurn(s, c) && c != RESUMES
#endif
    :: else -> goto refused
#endif
    fi;
    row[s] = live;
    at[s] = (c == RESUMES -> mine(0) : mine(c))
  }
  mayDie(true);
#endif

#ifndef NO_D2
  /* (d2) A new snapshot, after the commit of (d): may they stay? (And may they what they were dialled with? permissions.pml) */
  atomic { seen = allowed && row[s] == live };
  if :: !seen -> goto refused :: else -> seen = false fi;
  mayDie(true);
#endif

relay:
  /* (e) From here on the node knows the participant, and the client has its answer. */
  atomic { entered[c] = true; relayed[who] = true; who = 0 }
  goto out;

refused:
  /* What policy refuses is revoked, and what the media server holds of it goes (as in an act). */
  atomic {
    if
    :: !allowed && maybeThere(s) -> row[s] = revoked
    :: allowed && row[s] != revoked && row[s] != ended && c != RESUMES && latest[s] == c && part[s] == mine(c) -> turnedAway = true
    :: else
    fi;
    seen = false; who = 0
  };
  mayDie(true);
  atomic { if :: row[s] == revoked -> leaves(s); over[s] = true :: else fi }
out: skip;
#ifdef ONE_NODE
  atomic { if :: holds -> dialling[s] = false; holds = false :: else fi }
#endif
}

/* The client says that it leaves. */
proctype Leave() {
  atomic { row[0] == live && flows(0) -> row[0] = revoked }
  atomic { leaves(0); over[0] = true }
  atomic { if :: row[0] == revoked -> row[0] = ended :: else fi }
}

#ifdef WITH_DEVICE
#define each(does) does(0); does(1)
#else
#define each(does) does(0)
#endif
inline selects(i) {
#ifdef ONLY_ACTIVE
  concerned[i] = (row[i] == live);
#else
  concerned[i] = maybeThere(i);
#endif
  takes[i] = false
}
inline revokes(i) {
  if
  :: concerned[i] && maybeThere(i) -> row[i] = revoked; takes[i] = true
  :: else
  fi
}
inline addsRevoked(i) { takes[i] = takes[i] || (row[i] == revoked) }
inline takesConcerned(i) { takes[i] = takes[i] || concerned[i] }
inline removes(i) {                   /* (i) The media server answers: gone, or not there. */
  if
  :: takes[i] -> atomic { leaves(i); over[i] = true }
  :: else
  fi
}
inline settles(i) {
  if
  :: takes[i] && row[i] == revoked -> row[i] = ended
  :: else
  fi
}
inline forgets(i) { takes[i] = false; concerned[i] = false }
inline replies() { d_step { if :: decision == act -> applied = true :: else fi } }
inline isDone() { if :: job == act -> job = 0 :: else fi }

/* Steps (g) to (k) of an act bring the sessions of its job to what policy says now: whoever does it, and as often as it is done. */
inline bind(mortal) {
  /* (g) A new snapshot: the sessions concerned. */
  atomic {
    each(selects);
#ifdef OVER_READ_EARLY
    each(addsRevoked)
#endif
  }
  seen = allowed;
  if
  :: seen                             /* allowed again meanwhile: they stay */
#ifndef FORGETS_REVOKED
     -> atomic { each(addsRevoked) }
#endif
  :: else ->
#ifdef LATE_REVOKE
     atomic { each(takesConcerned) }
#else
     /* (h) Commit: those that policy refuses are revoked; and last is read who else has been revoked and is not known to be gone. */
     atomic {
       each(revokes);
#ifndef FORGETS_REVOKED
#ifndef OVER_READ_EARLY
       each(addsRevoked)
#endif
#endif
     }
#endif
  fi;
  mayDie(mortal);
#ifdef REPLIES_EARLY
  replies();
  mayDie(mortal);
#endif
#ifdef NOTES_EARLY
  atomic { isDone(); each(settles) };
  mayDie(mortal);
#endif
#ifdef DONE_EARLY
  isDone();
  mayDie(mortal);
#endif
  each(removes);                      /* (i) */
  mayDie(mortal);
#ifdef LATE_REVOKE
  if :: !seen -> atomic { each(revokes) } :: else fi;
#endif
  replies();                          /* (j) */
  mayDie(mortal);
  /* (k) The job is done, and what is gone is noted. */
  atomic { isDone(); seen = false; act = 0; each(settles); each(forgets) }
}

inline decides(what, as) {
  d_step { decision++; as = decision; allowed = what; applied = false; if :: !what -> job = as :: else fi }
}

/* Within the commit of (f): who is seen to be in. Others may commit between that statement and the commit. */
inline putsOut(i) {
  if
  :: isLive(i) -> row[i] = revoked
  :: true
  fi
}

/* A ban, at one node. */
proctype Ban() {
  bool seen; bool concerned[SESSIONS]; bool takes[SESSIONS]; byte act;
#ifdef READS_FIRST
  atomic { each(selects) };
  decides(false, act);
  atomic { each(revokes) };
  each(removes);
  atomic { applied = true; job = 0; each(settles); each(forgets) };
#else
  atomic { decides(false, act); each(putsOut) }; /* (f) Commit: decision, audit, event, job, and who is put out. */
  mayDie(true);
  bind(true);
#endif
out: skip
}

/* Another node finds the job pending: the first may be dead, or only slow. */
proctype Recover() {
  bool seen; bool concerned[SESSIONS]; bool takes[SESSIONS]; byte act;
  d_step { job != 0 -> act = job };
  bind(false);
out: skip
}

/* Allows the person again. Sessions that are over stay over. */
proctype Unban() {
  byte act;
  !allowed;
  decides(true, act);
  d_step { back = true; act = 0 }
}

/* Bans once more. */
proctype BanAgain() {
  bool seen; bool concerned[SESSIONS]; bool takes[SESSIONS]; byte act;
  back;
  atomic { decides(false, act); each(putsOut) };
  bind(true);
out: skip
}

/* The media server reports that a participant of session 0 has left: late, or twice. */
proctype News() {
  byte p;
  if
  :: d_step { gone[1] -> p = 1 }
  :: d_step { gone[2] -> p = 2 }
  :: d_step { gone[3] -> p = 3 }
  fi;
  setAside(0, p)
}

/* The sweep has not seen a participant for 15 s, and sets its session aside. */
proctype Sweep() {
  byte as;
  d_step { isLive(0) && part[0] == 0 -> as = at[0] }
  setAside(0, as)
}

/* The media server comes again with a new boot id: nobody is there. */
proctype Restart() {
  atomic { leaves(0); leaves(1) }
}

init {
  atomic {
    row[0] = issued;
    run Door(0);
#ifdef WITH_SECOND
    run Door(1);
#endif
#ifdef WITH_RESUME
    run Door(2);
#endif
#ifdef WITH_DEVICE
    run Join(); run Door(3);
#endif
#ifndef NO_BAN
    run Ban();
#endif
#ifdef WITH_RECOVERY
    run Recover();
#endif
#ifdef WITH_UNBAN
    run Unban();
#endif
#ifdef WITH_BAN_AGAIN
    run BanAgain();
#endif
#ifdef WITH_NEWS
    run News();
#endif
#ifdef WITH_SWEEP
    run Sweep();
#endif
#ifdef WITH_LEAVE
    run Leave();
#endif
#ifdef WITH_RESTART
    run Restart();
#endif
  }
#ifdef KILLS
  timeout;                            /* nobody can take a step any more: whatever was killed, the decision holds */
  assert(allowed || !(flows(0) || flows(1)))
#endif
#ifdef SETTLES
  timeout;                            /* everybody has come to rest: one of the connections is in */
  assert(flows(0))
#endif
}

/* Once an act has replied `applied`, nothing of the person flows, until a later decision allows it. */
ltl binds { [] (applied -> !(flows(0) || flows(1))) }
/* A session that an act has ended never flows again, whatever is decided later. */
ltl ends { [] !((over[0] && flows(0)) || (over[1] && flows(1))) }
/* Must fail, or the claims above would say nothing: somebody is heard, and an act replies. */
ltl unheard { [] !flows(0) }
ltl unasked { [] !applied }
/* Who has come last and may be there gets in, whatever is reported of those before. */
ltl welcome { [] !turnedAway }
/* A session that was made after the unban's reply is nobody's to end: not even a ban's whose job comes late. */
ltl spares { [] !(isNew && over[1]) }
/* Must fail: after the unban's reply a new session gets in. */
ltl locked { [] !(back && isNew && flows(1)) }
