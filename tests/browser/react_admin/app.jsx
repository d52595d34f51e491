// An administration of airports and flights, as react-admin's tutorial makes one. The page says where the service is.
import postgrestRestProvider, { defaultPrimaryKeys, defaultSchema } from "@raphiniert/ra-data-postgrest";
import * as React from "react";
import { createRoot } from "react-dom/client";
import {
  Admin, AutocompleteInput, Create, Datagrid, DateField, DateInput, DateTimeInput, Edit, fetchUtils, List,
  NumberInput, ReferenceField, ReferenceInput, ReferenceManyField, Resource, Show, SimpleForm, SimpleShowLayout,
  TextField, TextInput,
} from "react-admin";

const { service, token } = window;

function httpClient(url, options = {}) {
  const headers = new Headers(options.headers || { Accept: "application/json" });
  headers.set("Authorization", `Bearer ${token}`);
  return fetchUtils.fetchJson(url, { ...options, headers });
}

const dataProvider = postgrestRestProvider({
  apiUrl: `${service}/rest`,
  httpClient,
  defaultListOp: "eq",
  primaryKeys: defaultPrimaryKeys,
  schema: defaultSchema,
});

const airport = (
  <ReferenceInput source="origin" reference="Airport" key="origin">
    <AutocompleteInput optionText="name" label="Origin" filterToQuery={(text) => ({ "name@ilike": text })} />
  </ReferenceInput>
);
const filters = [<TextInput source="number@ilike" label="Number" alwaysOn key="number" />, airport];

const Flights = () => (
  <List filters={filters} sort={{ field: "number", order: "ASC" }}>
    <Datagrid rowClick="edit">
      <TextField source="number" />
      <ReferenceField source="origin" reference="Airport">
        <TextField source="name" />
      </ReferenceField>
      <DateField source="leaves" showTime timeZone="UTC" locales="en-GB" />
      <DateField source="day" />
    </Datagrid>
  </List>
);

const form = (
  <SimpleForm>
    <TextInput source="number" />
    {airport}
    <DateTimeInput source="leaves" />
    <TextInput source="boarding" type="datetime-local" slotProps={{ inputLabel: { shrink: true } }} />
    <DateInput source="day" />
    <DateInput source="until" parse={(day) => (day ? new Date(day) : null)} />
    <NumberInput source="price" />
  </SimpleForm>
);

const Airports = () => (
  <List sort={{ field: "name", order: "ASC" }}>
    <Datagrid rowClick="show">
      <TextField source="name" />
    </Datagrid>
  </List>
);

const Airport = () => (
  <Show>
    <SimpleShowLayout>
      <TextField source="name" />
      <ReferenceManyField reference="Flight" target="origin" label="Flights">
        <Datagrid bulkActionButtons={false}>
          <TextField source="number" />
        </Datagrid>
      </ReferenceManyField>
    </SimpleShowLayout>
  </Show>
);

createRoot(document.getElementById("root")).render(
  <Admin dataProvider={dataProvider} disableTelemetry>
    <Resource
      name="Flight"
      list={Flights}
      edit={() => <Edit mutationMode="pessimistic">{form}</Edit>}
      create={() => <Create redirect="list">{form}</Create>}
    />
    <Resource name="Airport" list={Airports} show={Airport} recordRepresentation="name" />
  </Admin>,
);
