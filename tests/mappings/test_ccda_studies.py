"""mappings/ccda: the studies of a DICOM Object Catalog are those of their UIDs, whoever else names them."""

from tests.dicom import SERIES, STUDY, key_objects, uid
from tests.mappings.test_ccda_meaning import resources, section
from tests.mappings.test_dicom import converted, made

DCM = 'codeSystem="1.2.840.10008.2.16.4"'
CATALOG = f"""<entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.6.2.6"/>
<id root="{STUDY}"/><code code="113014" {DCM} displayName="Study"/><entryRelationship typeCode="COMP">
<act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.63"/><id root="{SERIES}"/>
<code code="113015" {DCM} displayName="Series">
<qualifier><name code="121139" {DCM}/><value code="CT" {DCM}/></qualifier></code>
<entryRelationship typeCode="COMP"><observation classCode="DGIMG" moodCode="EVN">
<templateId root="2.16.840.1.113883.10.20.6.2.8"/><id root="{uid("slice 1")}"/>
<code code="1.2.840.10008.5.1.4.1.1.2" codeSystem="1.2.840.10008.2.6.1"/></observation></entryRelationship>
</act></entryRelationship></act></entry>"""


def test_a_catalog_names_the_study_with_its_series_and_instances():
    (found,) = resources(section("121181", CATALOG))["ImagingStudy"]
    [series] = found["series"]
    assert found["identifier"] == made(converted(key_objects()), "ImagingStudy")[0]["identifier"][:1]
    assert (found["status"], series["uid"], series["modality"]["code"]) == ("available", SERIES, "CT")
    assert [(one["uid"], one["sopClass"]["code"]) for one in series["instance"]] == [
        (uid("slice 1"), "urn:oid:1.2.840.10008.5.1.4.1.1.2")
    ]


def test_a_study_that_is_denied_or_names_no_uid_is_none():
    denied = CATALOG.replace('moodCode="EVN">', 'moodCode="EVN" negationInd="true">', 1)
    nameless = CATALOG.replace(f'root="{STUDY}"', f'root="{STUDY}" extension="7"')
    for entry in (denied, nameless):
        assert "ImagingStudy" not in resources(section("121181", entry))
