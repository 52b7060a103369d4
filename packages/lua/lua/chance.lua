--- The random numbers of math.random, under the names of the `chance` library.
return {
  _version = '1.0.0',
  seed = math.randomseed,
  --- A float in [0, 1).
  random = function() return math.random() end,
  --- An integer in [min, max].
  integer = function(min, max) return math.random(min, max) end,
}
