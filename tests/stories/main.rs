//! Stories: what an operator sees after scripted traffic, on every stage that can carry it out.
