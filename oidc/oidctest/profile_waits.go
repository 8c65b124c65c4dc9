package oidctest

// profileWaits are the steps that are not yet as they have to be, and what has to come
// first. A step that is right must not be here: the tests of the profiles say so.
var profileWaits = map[string]map[Step]string{}
