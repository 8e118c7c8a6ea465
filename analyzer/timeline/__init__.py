"""Lay one capture out in time: its axis, round instants on it, and how many sockets were open."""
