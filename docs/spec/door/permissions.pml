/* Permissions: one session, one kind of track, a revoke and a grant at two nodes, a door that is dialling, a client that publishes
   by every message it has, workers that stop for any time in front of any step. See ../door.md, and door.pml for what a
   step is and for who is killed. Policy lets the person be in the call throughout, so acts leave the row alone.

   The media server has no versions: the last call that reaches it counts, however old it is. */

#define NODES 3                       /* 0 revokes, 1 grants, 2 sweeps; the door is at DOOR */
#ifndef DOOR
#define DOOR 0
#endif

mtype = { issued, pending, live };

/* The database. */
bool granted;
byte decision;
mtype row = issued;

/* The media server. */
bool there;                           /* the participant */
bool may;                             /* may publish this kind */
bool declared;                        /* addTrack was accepted */
bool published;                       /* an offer for a declared track was accepted: forwarded from now on */
bool negotiated;                      /* only SERVER_STARTS_LATE: an offer was accepted, no packet has come */

/* The gateway. */
bool relayed;                         /* (e) */
bool busy;                            /* a message has been judged and not been relayed */

/* One process brings a session to what is wanted once at a time. */
bool taken[NODES];

/* Only for the claims. */
bool applied;                         /* the last decision was a revoke, and has been answered `applied` */

#define flows (there && relayed && published)
#ifdef KILLS
#define mayDie(who) if :: (who) -> goto out :: true fi
#else
#define mayDie(who) skip
#endif

/* A call: all of what must hold, never a difference. What may not be published any more goes. */
inline apply(what) {
  if
  :: there ->
     may = what;
     if
     :: !what ->
        published = false
#ifndef SERVER_STARTS_LATE
        ; negotiated = false
#endif
     :: else
     fi
  :: else
  fi
}

/* apply-policy.ts: read, tell, read again, until what was told is what is wanted. `told`: 2 for nothing. */
inline applyPolicy(node) {
  d_step { !taken[node] -> taken[node] = true };
  do
  :: granted == told -> break
  :: atomic { granted != told -> told = granted };
     /* What the door of this process has judged before is through first. */
     if
     :: node == DOOR -> !busy
     :: else
     fi;
     mayDie(node != 2);               /* a sweep comes again */
     atomic { apply(told) };          /* late, perhaps: whatever was decided meanwhile */
     mayDie(node != 2);
#ifdef TELLS_ONCE
     break
#endif
  od;
  atomic { taken[node] = false; told = 0 }
}

inline decides(what) {
  d_step { granted = what; decision++; act = decision; applied = false }
}

proctype Revoke() {
  byte act; byte told = 2;
  decides(false);
  if
  :: row == pending || row == live -> applyPolicy(0)
  :: else
  fi;
  d_step { if :: decision == act -> applied = true :: else fi; act = 0 };
out: skip
}

proctype Grant() {
  byte act; byte told = 2;
  decides(true);
  if
  :: row == pending || row == live -> applyPolicy(1)
  :: else
  fi;
  act = 0;
out: skip
}

proctype Door() {
  byte told; bool view;
  row = pending;                      /* (a) */
  told = granted;                     /* (b) */
  view = granted;                     /* what the join request declares and offers is judged by */
  /* (c) The join request is carried out as it is dialled. */
  atomic {
    there = true; may = told; declared = view && may; published = view && may;
    view = false
  };
  row = live;                         /* (d) */
#ifndef NO_D2
  applyPolicy(DOOR);                  /* (d2) told when something else is wanted than was dialled with */
#endif
  relayed = true;                     /* (e) */
out: skip
}

/* Declares and offers again and again: each message is judged by what the database says, then relayed. */
proctype Client() {
  bool view; bool isOffer;
#ifdef RESTS
  byte left = 3;                      /* then it is quiet, so that everybody can come to rest */
#else
#define left 1
#endif
  relayed;
  do
  :: atomic {
       left > 0 -> busy = true;
#ifdef RESTS
       left--;
#endif
#ifdef GATEWAY_TRUSTS
       view = may;
#else
       view = granted;
#endif
       if :: isOffer = true :: isOffer = false fi
     };
     atomic {
       if
       :: view && there && may ->
          if
          :: !isOffer -> declared = true
          :: isOffer && declared ->
#ifdef SERVER_STARTS_LATE
             negotiated = true
#else
             published = true
#endif
          :: else
          fi
       :: else
       fi;
       view = false; isOffer = false; busy = false
     }
#ifdef SERVER_STARTS_LATE
  :: atomic { negotiated && may -> published = true; negotiated = false }   /* the first packet */
#endif
  od
}

/* Compares what the media server shows with what is wanted. */
proctype Sweep() {
  byte told = 2;
  do
  :: row == live && there && (may != granted || (published && !granted)) ->
     told = 2;
     applyPolicy(2)
  od;
out: skip
}

init {
  atomic {
    if :: granted = true :: granted = false fi;
    run Door(); run Client();
    run Revoke();
#ifdef WITH_GRANT
    run Grant();
#endif
#ifdef WITH_SWEEP
    run Sweep();
#endif
  }
#ifdef RESTS
  timeout;                            /* nobody can take a step any more: the media server holds what is wanted */
  assert(row != live || (may == granted && !(published && !granted)))
#endif
}

/* Once a revoke has replied `applied`, no track of the kind is forwarded until a later decision grants it. */
ltl revokes { [] (applied -> !flows) }
/* Must fail: without a revoke's reply tracks flow. */
ltl silent { [] !flows }
