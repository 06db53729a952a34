"""HL7 v2 over MLLP: the door of clinics whose systems hold a connection open and wait for an acknowledgment."""
