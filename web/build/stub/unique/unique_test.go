package unique

import "testing"

type name string

func TestHandle(t *testing.T) {
	zone := Make("eth0")
	if zone.Value() != "eth0" {
		t.Errorf("the value is %q", zone.Value())
	}
	if Make("eth"+string([]byte{'0'})) != zone {
		t.Error("equal values have different handles")
	}
	if Make("eth1") == zone {
		t.Error("different values have the same handle")
	}
	if other := Make(name("eth0")); other.Value() != "eth0" || other != Make(name("eth0")) {
		t.Error("a value of another type has no handle of its own")
	}
	if none := (Handle[string]{}); none == zone {
		t.Error("no handle is equal to one")
	}
}
