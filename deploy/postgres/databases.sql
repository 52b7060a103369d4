-- Run once, on an empty volume: each kind of unit has a database of its own.
CREATE DATABASE su;
CREATE DATABASE mu;
CREATE DATABASE cu;
