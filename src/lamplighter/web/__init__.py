"""Pages and API: asks the rooms and draws what they answer. It touches no table and decides nothing."""
