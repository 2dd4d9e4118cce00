from felles.record import definition


def test_every_concrete_resource_type_of_r4_is_there():
    assert len(definition.RESOURCE_TYPES) == 146
    assert {"Binary", "Bundle", "Parameters", "Patient"} <= set(definition.RESOURCE_TYPES)
    assert not {"Resource", "DomainResource"} & set(definition.RESOURCE_TYPES)


def test_type_numbers_are_stable():
    assert definition.type_number("Account") == 1
    assert definition.type_number("VisionPrescription") == 146
    assert all(definition.type_name(definition.type_number(name)) == name for name in definition.RESOURCE_TYPES)


def test_an_element_tells_cardinality_types_and_binding():
    gender = definition.elements("Patient")["gender"]
    assert (gender.min, gender.max, gender.types[0].code) == (0, 1, "code")
    assert gender.binding == definition.Binding("required", "http://hl7.org/fhir/ValueSet/administrative-gender")
    assert definition.elements("Patient")["link"].max is None
    assert definition.elements("Patient")["link"].is_modifier


def test_a_choice_has_one_property_for_each_type():
    found = definition.property_of("Observation", "valueQuantity")
    assert found is not None
    assert found[0].choice and found[1].code == "Quantity"
    assert definition.property_of("Observation", "value") is None


def test_content_references_are_followed():
    assert "low" in definition.elements("Observation.component.referenceRange")
    assert "linkId" in definition.elements("Questionnaire.item.item.item")


def test_reference_targets():
    (subject,) = definition.elements("Observation")["subject"].types
    assert subject.targets == ("Patient", "Group", "Device", "Location")


def test_resource_id_is_an_id():
    assert definition.elements("Patient")["id"].types[0].code == "id"
    assert definition.elements("HumanName")["id"].types[0].code == "string"


def test_search_expressions_hold_only_the_part_of_the_type():
    parameters = definition.search_parameters("Observation")
    assert parameters["patient"].expression == "Observation.subject.where(resolve() is Patient)"
    assert parameters["_id"].expression == "Resource.id"
    assert parameters["combo-code"].expression == "Observation.code | Observation.component.code"


def test_composites_have_components():
    composite = definition.search_parameters("Observation")["code-value-quantity"]
    assert [expression for _, expression in composite.components] == ["code", "value.as(Quantity)"]


def test_every_type_has_the_parameters_of_every_resource():
    for name in definition.RESOURCE_TYPES:
        assert {"_id", "_lastUpdated", "_profile", "_tag", "_security"} <= definition.search_parameters(name).keys()


def test_the_patient_compartment():
    patient = definition.compartment("Patient")
    assert patient["Observation"] == ("subject", "performer")
    for member, codes in patient.items():
        assert set(codes) <= definition.search_parameters(member).keys() | {"{def}"}


def test_required_codes():
    genders = definition.required_codes("http://hl7.org/fhir/ValueSet/administrative-gender")
    assert genders == {"male", "female", "other", "unknown"}
    assert definition.required_codes("http://hl7.org/fhir/ValueSet/mimetypes") is None


def test_invariants_stand_at_the_type_that_states_them():
    assert [rule.key for rule in definition.invariants("Patient")] == ["pat-1"]
    assert {"dom-2", "dom-3", "dom-4", "dom-5"} <= {rule.key for rule in definition.invariants("DomainResource")}
